"""A server made of pyModbusTCP: ``python pymodbustcp_server.py PORT``; addresses from 200 on do not exist."""

from __future__ import annotations

import sys

from pyModbusTCP.server import (  # type: ignore[import-untyped]  # it has none
    DataBank,
    DeviceIdentification,
    ModbusServer,
)

SIZE = 200


def main() -> None:
    data = DataBank(coils_size=SIZE, d_inputs_size=SIZE, h_regs_size=SIZE, i_regs_size=SIZE)
    data.set_coils(0, [at % 3 == 0 for at in range(SIZE)])
    data.set_discrete_inputs(0, [at % 5 == 0 for at in range(SIZE)])
    data.set_holding_registers(0, [(at * 331 + 7) & 0xFFFF for at in range(SIZE)])
    data.set_input_registers(0, [(at * 557 + 11) & 0xFFFF for at in range(SIZE)])
    identity = DeviceIdentification(vendor_name=b"Python", product_code=b"pyModbusTCP", major_minor_revision=b"0.3")
    ModbusServer(host="127.0.0.1", port=int(sys.argv[1]), data_bank=data, device_id=identity).start()


if __name__ == "__main__":
    main()
