/* The stand-in for DISM as a Windows program: it prints and exits as the stand-in does, which runs on the host.
 *
 * It hands its own arguments, as Microsoft's C runtime splits them, and its STANDIN_ variables to the server that
 * STANDIN_PORT names (`host.py`), writes what comes back to standard output as it is, and ends with the whole 32-bit
 * exit code. When it is ended before, its connection ends, and the server ends the stand-in.
 */
#include <winsock2.h>
#include <windows.h>

#include "wire.h"

static void send_text(SOCKET to, const wchar_t *text)
{
    char data[32768];
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, data, sizeof data, NULL, NULL);

    send_number(to, size > 0 ? (DWORD)size - 1 : 0);
    send_all(to, data, size > 0 ? (DWORD)size - 1 : 0);
}

static void send_environment(SOCKET to)
{
    wchar_t *block = GetEnvironmentStringsW(), *one;
    DWORD count = 0;

    for (one = block; *one; one += wcslen(one) + 1)
        count += !wcsncmp(one, L"STANDIN_", 8);
    send_number(to, count);
    for (one = block; *one; one += wcslen(one) + 1)
        if (!wcsncmp(one, L"STANDIN_", 8))
            send_text(to, one);
    FreeEnvironmentStringsW(block);
}

int wmain(int count, wchar_t **arguments)
{
    SOCKET host = connect_host('D');
    char kind = 0, data[65536];

    send_number(host, (DWORD)count - 1);
    for (int number = 1; number < count; number++)
        send_text(host, arguments[number]);
    send_environment(host);
    while (receive_all(host, &kind, 1) && kind == 'o') {
        DWORD size = receive_number(host), written;

        if (size > sizeof data || !receive_all(host, data, size))
            break;
        /* Nobody reads on: the stand-in is not told, as DISM would not be. */
        WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), data, size, &written, NULL);
    }
    ExitProcess(kind == 'x' ? receive_number(host) : LOST);
}
