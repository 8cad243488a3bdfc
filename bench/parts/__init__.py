"""What stacks are made of and held in: programs, control groups, disks, and what they show."""
