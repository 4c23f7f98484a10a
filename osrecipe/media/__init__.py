"""What is done to the installation media: taking images out, copying, merging, syncing, and the ISO in and out.

The source ISO is only ever read. Everything is written below the folders a unit is given.
"""
