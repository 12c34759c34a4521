"""The trial written down: its model, its loading, its criteria."""
