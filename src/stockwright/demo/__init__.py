"""A believable shop, loaded through the same use cases that customers and staff go through."""
