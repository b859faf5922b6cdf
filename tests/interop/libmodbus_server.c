/* A server made of libmodbus: `libmodbus_server tcp PORT` or `libmodbus_server rtu DEVICE BAUD`, unit 1.
 * Registers and bits hold what tests/interop/servers.py expects; addresses from 200 on do not exist. */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 200

int main(int argc, char **argv)
{
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int listening = -1, rtu = argc == 4 && strcmp(argv[1], "rtu") == 0;

    if (!rtu && !(argc == 3 && strcmp(argv[1], "tcp") == 0)) {
        fprintf(stderr, "usage: %s tcp PORT | rtu DEVICE BAUD\n", argv[0]);
        return 2;
    }
    modbus_t *context = rtu ? modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1)
                            : modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    modbus_mapping_t *map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
    if (context == NULL || map == NULL || modbus_set_slave(context, 1) != 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    for (int at = 0; at < SIZE; at++) {
        map->tab_bits[at] = at % 3 == 0;
        map->tab_input_bits[at] = at % 5 == 0;
        map->tab_registers[at] = (uint16_t)(at * 331 + 7);
        map->tab_input_registers[at] = (uint16_t)(at * 557 + 11);
    }
    if (rtu ? modbus_connect(context) != 0 : (listening = modbus_tcp_listen(context, 4)) < 0) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (!rtu && modbus_tcp_accept(context, &listening) < 0)
            return 1;
        int size;
        while ((size = modbus_receive(context, query)) >= 0)
            if (size > 0)
                modbus_reply(context, query, size, map);
        if (!rtu)
            close(modbus_get_socket(context));
    }
}
