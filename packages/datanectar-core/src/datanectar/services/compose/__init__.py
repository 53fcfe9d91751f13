"""A Compose file of the project's services, which people own, and how far it has drifted from them."""
