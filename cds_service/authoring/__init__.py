"""Tools for those who write and review `cards/`: lint, preview, diff, approve. The service needs none of them."""
