"""Time to event, batched over trials: one concept a module, the public names from `pivotal.stats`."""
