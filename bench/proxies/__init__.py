"""The benchmark of docs/left-out.md: nginx beside other proxies, with gzip, and asyncio."""
