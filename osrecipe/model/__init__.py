"""Frozen data and protocols that every other room speaks in.

This room imports no other room of osrecipe, opens no file and decides nothing.
"""
