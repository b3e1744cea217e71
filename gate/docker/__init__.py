"""Pure: Dockerfile, ignore file, compose, bake and workflow text to the file tree of the image. No I/O of its own."""
