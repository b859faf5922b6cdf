// A server made of the npm package modbus-serial: node modbus_serial_server.js PORT. Its registers hold what
// tests/interop/servers.py expects; addresses from 200 on do not exist.
"use strict";
const { ServerTCP } = require("modbus-serial");

const existing = (value) => (address) => {
    if (address >= 200) throw Object.assign(new Error("no such address"), { modbusErrorCode: 2 });
    return value(address);
};
const vector = {
    getCoil: existing((address) => address % 3 === 0),
    getDiscreteInput: existing((address) => address % 5 === 0),
    getHoldingRegister: existing((address) => (address * 331 + 7) & 0xffff),
    getInputRegister: existing((address) => (address * 557 + 11) & 0xffff),
    readDeviceIdentification: () => ({ 0: "Node", 1: "modbus-serial", 2: "8.0" }),
};
const server = new ServerTCP(vector, { host: "127.0.0.1", port: Number(process.argv[2]), unitID: 1 });
server.on("socketError", () => {}); // a client that leaves
