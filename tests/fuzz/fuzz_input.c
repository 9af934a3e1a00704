/* SPDX-License-Identifier: MIT */
/*
 * Encodings and packing. The first byte chooses the encoding, the second the
 * size of blocks; the rest is read as it is, from memory and from a stream, in
 * large blocks and in tiny ones: all see the same text, or all fail. If the
 * rest is UTF-8, it is also written in that encoding, packed, and must
 * come back.
 */
#include "fuzz.h"

#include "collect/input_rig.h"

static mlpipe_ctx *fuzz_limited(uint64_t *live)
{
    const mlpipe_limits limits = {.size = sizeof limits,
                                  .unpacked_bytes = 4 << 20};
    const mlpipe_ctx_options o = {.size = sizeof o, .limits = &limits,
                                  .memory_cap = UINT64_C(256) << 20};
    mlpipe_ctx *c = NULL;
    fuzz_require(!mlpipe_ctx_new(&o, &c));
    mlpipe_ctx_memory(c, live, NULL);
    return c;
}

/* The rest of an input, in windows as they come. */
static mlpipe_status fuzz_rest(mlpipe_ctx *c, mlpipe__input *in,
                               rig_bytes *out)
{
    for (;;) {
        const size_t n = (size_t)(in->end - in->at);
        if (n)
            rig_put(out, in->at, n);
        mlpipe__input_skip(in, n);
        if (in->eof)
            return MLPIPE_OK;
        const mlpipe_status st = mlpipe__input_more(c, in);
        if (st)
            return st;
    }
}

static mlpipe_status fuzz_text(mlpipe_ctx *c, const mlpipe__input_from *from,
                               rig_bytes *out)
{
    mlpipe__input in;
    mlpipe_status st = mlpipe__input_open(c, from, &in);
    const uint64_t begin = in.offset;

    out->size = 0;
    if (!st)
        st = fuzz_rest(c, &in, out);
    fuzz_require(st != MLPIPE_E_INTERNAL && st != MLPIPE_E_NOMEM);
    if (st) {
        const mlpipe_error *e = mlpipe_ctx_error(c);
        fuzz_require(e->text[0]
                     && mlpipe__utf8_valid(e->text, strlen(e->text)));
    } else {
        fuzz_require(in.offset == in.text_bytes);
        fuzz_require(in.encoding <= MLPIPE__ENCODING_UTF8
                     || mlpipe__utf8_valid(out->size ? (char *)out->data : "",
                                           out->size));
        /* A second pass sees the same. */
        rig_bytes again = {NULL, 0, 0};
        mlpipe__input_seek(&in, begin);
        fuzz_require(!fuzz_rest(c, &in, &again));
        fuzz_require(again.size == out->size);
        fuzz_require(!out->size
                     || !memcmp(again.data, out->data, out->size));
        free(again.data);
    }
    mlpipe__input_close(&in);
    return st;
}

/* Two faults may be met in another order where blocks are larger: unpacking
 * then runs ahead of what it gives to be transcoded. */
static void fuzz_same(mlpipe_status a, mlpipe_status b, const rig_bytes *x,
                      const rig_bytes *y)
{
    fuzz_require(!a == !b);
    if (a)
        return;
    fuzz_require(x->size == y->size);
    fuzz_require(!x->size || !memcmp(x->data, y->data, x->size));
}

/* Bytes from memory, in blocks, and as a stream. */
static mlpipe_status fuzz_ways(mlpipe_ctx *c, const rig_bytes *bytes,
                               uint32_t encoding, size_t block,
                               rig_bytes *out)
{
    rig_stream s = rig_stream_of(bytes, block);
    const mlpipe_stream stream = {sizeof stream, &s, "fuzz", rig_read};
    const mlpipe__input_from memory = {.bytes = bytes->data,
                                       .size = bytes->size,
                                       .encoding = encoding};
    const mlpipe__input_from pieces = {.stream = &stream,
                                       .encoding = encoding, .block = block};
    rig_bytes other = {NULL, 0, 0};
    const mlpipe_status st = fuzz_text(c, &memory, out);

    fuzz_same(st, fuzz_text(c, &pieces, &other), out, &other);
    free(other.data);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t live = 0;
    rig_bytes raw = {NULL, 0, 0}, text = {NULL, 0, 0};
    rig_bytes written = {NULL, 0, 0}, packed = {NULL, 0, 0};

    if (size < 3)
        return 0;
    mlpipe_ctx *c = fuzz_limited(&live);
    const uint32_t encoding = data[0] % 6;
    const int pack = data[0] / 6 % RIG_PACKS;
    const size_t block = 8 + data[1] % 64;
    rig_put(&raw, data + 2, size - 2);
    (void)fuzz_ways(c, &raw, encoding, block, &text);
    /* Texts that begin as a mark or as something packed are none here. */
    if (mlpipe__utf8_valid((const char *)raw.data, raw.size) && encoding
        && rig_has(pack) && raw.data[0] != 0xef
        && !fuzz_ways(c, &raw, MLPIPE__ENCODING_UTF8, block, &text)
        && text.size == raw.size
        && rig_encode(raw.data, raw.size, encoding, false, &written)) {
        rig_pack(&written, pack, &packed);
        const mlpipe_status st = fuzz_ways(c, &packed, encoding, block,
                                           &text);
        /* Other bytes may look like a mark, or like something packed. */
        if (pack != RIG_PLAIN && written.size && written.data[0] < 0xef)
            fuzz_require(!st);
        if (!st)
            fuzz_same(0, 0, &raw, &text);
    }
    free(raw.data);
    free(text.data);
    free(written.data);
    free(packed.data);
    fuzz_end(c, live);
    return 0;
}
