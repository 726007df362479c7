"""What is known of objects: prompts answered, memories made, found on other frames."""
