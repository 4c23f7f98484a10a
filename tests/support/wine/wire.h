/* How the Windows programs of these tests talk to `host.py`: a byte that says who, then numbers of 32 bits, the lowest
 * byte first, and bytes. Whatever goes wrong ends the program with LOST. */
#include <stdlib.h>

#define LOST 0x5354414Eu

static void require(int is_good)
{
    if (!is_good)
        ExitProcess(LOST);
}

static SOCKET connect_host(char who)
{
    struct sockaddr_in address = {0};
    const char *port = getenv("STANDIN_PORT");
    SOCKET made;
    WSADATA data;

    require(port != NULL && WSAStartup(MAKEWORD(2, 2), &data) == 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((u_short)atoi(port));
    made = socket(AF_INET, SOCK_STREAM, 0);
    require(made != INVALID_SOCKET && connect(made, (struct sockaddr *)&address, sizeof address) == 0);
    require(send(made, &who, 1, 0) == 1);
    return made;
}

static void send_all(SOCKET to, const void *data, DWORD size)
{
    for (DWORD sent = 0; sent < size;) {
        int now = send(to, (const char *)data + sent, (int)(size - sent), 0);

        require(now > 0);
        sent += (DWORD)now;
    }
}

static void send_number(SOCKET to, DWORD number)
{
    send_all(to, &number, sizeof number);
}

static int receive_all(SOCKET from, void *data, DWORD size)
{
    for (DWORD got = 0; got < size;) {
        int now = recv(from, (char *)data + got, (int)(size - got), 0);

        if (now <= 0)
            return 0;
        got += (DWORD)now;
    }
    return 1;
}

static DWORD receive_number(SOCKET from)
{
    DWORD number;

    require(receive_all(from, &number, sizeof number));
    return number;
}
