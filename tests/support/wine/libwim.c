/* libwim's chunk codecs for Windows programs under Wine: the host's libwim does the work (`host.py`).
 *
 * Only what `osrecipe/formats/wim/libwim.py` declares is here; a program that wants more of libwim does not find it.
 * That the host's library is used, and how, is no part of what these tests show.
 */
#include <winsock2.h>
#include <windows.h>

#include "wire.h"

#define API __declspec(dllexport)

struct codec {
    DWORD packs, type, chunk, level;
};

static SOCKET host = INVALID_SOCKET;
static CRITICAL_SECTION one_at_a_time;

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, LPVOID reserved)
{
    (void)self;
    (void)reserved;
    if (why == DLL_PROCESS_ATTACH)
        InitializeCriticalSection(&one_at_a_time);
    return TRUE;
}

/* What a codec makes of bytes: its size, 0 where the host's libwim says no. */
static DWORD ask(const struct codec *codec, const void *data, size_t size, void *out, size_t room)
{
    DWORD made;

    EnterCriticalSection(&one_at_a_time);
    if (host == INVALID_SOCKET)
        host = connect_host('L');
    send_all(host, codec, sizeof *codec);
    send_number(host, (DWORD)size);
    send_number(host, (DWORD)room);
    send_all(host, data, (DWORD)size);
    made = receive_number(host);
    require(made <= room && receive_all(host, out, made));
    LeaveCriticalSection(&one_at_a_time);
    return made;
}

static int make(DWORD packs, int type, size_t chunk, unsigned level, void **made)
{
    struct codec *codec = malloc(sizeof *codec);

    *codec = (struct codec){packs, (DWORD)type, (DWORD)chunk, level};
    *made = codec;
    return 0;
}

API int wimlib_global_init(int flags)
{
    (void)flags;
    return 0;
}

API int wimlib_set_print_errors(_Bool wanted)
{
    (void)wanted;
    return 0;
}

API unsigned wimlib_get_version(void)
{
    static DWORD version;

    if (version == 0)
        require(ask(&(struct codec){2, 0, 0, 0}, "", 0, &version, sizeof version) == sizeof version);
    return version;
}

API const wchar_t *wimlib_get_error_string(int code)
{
    (void)code;
    return L"an error of the host's libwim";
}

API int wimlib_create_compressor(int type, size_t chunk, unsigned level, void **made)
{
    return make(1, type, chunk, level, made);
}

API int wimlib_create_decompressor(int type, size_t chunk, void **made)
{
    return make(0, type, chunk, 0, made);
}

API size_t wimlib_compress(const void *data, size_t size, void *out, size_t room, const void *codec)
{
    return ask(codec, data, size, out, room);
}

API int wimlib_decompress(const void *data, size_t size, void *out, size_t room, const void *codec)
{
    return ask(codec, data, size, out, room) == room ? 0 : -1;
}

API void wimlib_free_compressor(void *codec)
{
    free(codec);
}

API void wimlib_free_decompressor(void *codec)
{
    free(codec);
}
