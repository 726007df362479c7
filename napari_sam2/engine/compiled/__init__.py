"""The network compiled by PyTorch, wherever that is possible and gains something."""
