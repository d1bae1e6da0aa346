"""What is wrong with a camera's depth: its scale and its warp, found on things whose form is known."""
