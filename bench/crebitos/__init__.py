"""The benchmark of crebitos: its workloads, its contenders and its page."""
