"""The ground floor of Entente: what every room stands on, and which knows no room."""
