"""The work on one image, and the threads that its jobs run on."""
