"""The benchmark of pessoas: its workloads, its contenders and its page."""
