"""The page of devices: what this machine has, where tensors live, what moving and computing cost, classic mistakes."""
