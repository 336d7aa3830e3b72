"""The rules: one function a kind of anomaly, from a scene to where it holds."""
