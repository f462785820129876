"""The demo fleet: real certificates, the broker they connect with, and the policies that bind them."""
