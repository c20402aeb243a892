"""The engine of Torch Playground: models, data, experiments and the processes that train them. No screen in here."""
