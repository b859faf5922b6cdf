"""The gateway agent: device profiles, Modbus links, polling, the outbox, publishing."""
