"""MQTT in, store out, acknowledgement back; quarantine for what cannot be stored."""
