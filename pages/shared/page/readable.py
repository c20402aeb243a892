"""Styles that make Streamlit's own parts readable in both themes, and put the Tab key's stops in order.

Streamlit fades captions to 60 %, writes white on the dark theme's orange, and has one set of colours for code in both
themes: none of these reaches the contrast of 4.5 that WCAG asks for.
"""

from __future__ import annotations

from pages.shared.pictures.palette import PALETTE


def in_theme(name: str) -> str:
    """A colour of the palette in the theme in force; browsers from before 2024 keep Streamlit's own."""
    return f"light-dark({PALETTE['light'][name]}, {PALETTE['dark'][name]})"


INK = f"light-dark({PALETTE['ink']['light']}, {PALETTE['ink']['dark']})"
"""What is read on the primary colour."""
READABLE = f"""<style>
[data-testid="stCaptionContainer"][data-testid] {{ opacity: 0.8; }}
.stApp [data-testid="stBaseButton-primary"]:not(:disabled) {{ color: {INK}; }}
.stApp .stMultiSelect [data-tag] > * {{ color: {INK}; }}
.stApp pre code .token:not(.comment) {{ color: inherit; }}
.stApp pre code .token.token:is(.keyword, .boolean, .constant) {{ color: {in_theme("primary")}; }}
.stApp pre code .token.token:is(.string, .char) {{ color: {in_theme("positive")}; }}
.stApp pre code .token.token.number {{ color: {in_theme("train")}; }}
.stApp pre code .token.comment {{ color: inherit; opacity: 0.8; }}
.stMain:focus-visible {{ outline: 2px solid {in_theme("primary")}; outline-offset: -2px; }}
.stAppViewContainer {{ reading-flow: source-order; }}
.stSidebar {{ reading-order: 1; }}
</style>"""
"""The settings come last, so that Play is not behind all of them."""
