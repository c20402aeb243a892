"""The layers, to touch: a card shows what one layer does, with the lines of PyTorch that were run for it."""

from core.layers import activations, convolution, dropout, linear, losses, normalisation, optimizers, pooling
from core.layers.card import Card

CARDS: dict[str, Card] = {
    card.name: card
    for family in (convolution, pooling, dropout, normalisation, activations, losses, linear, optimizers)
    for card in family.CARDS
}
"""All cards, by name, family by family."""
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(card.family for card in CARDS.values()))
