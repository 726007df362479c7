"""From mask logits on the model's grid to clean masks in data pixels."""
