"""Runs on a Ray cluster: the same workers, on other machines.

Without a cluster in the settings nothing of it is imported but `address`, and Ray never.
"""
