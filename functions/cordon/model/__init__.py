"""The words of Cordon as types. This room imports nothing of ours."""
