"""A module a family of methods: its `RULES` say how the family's cases run through `pivotal.stats`."""
