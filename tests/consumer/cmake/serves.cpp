/* SPDX-License-Identifier: MIT */
/* The serving half alone, from C++. */
#include <cstdlib>
#include <cstring>

#include <mlpipe/mlpipe.hpp>

static void *host_alloc(void *, void *ptr, std::size_t old_size,
                        std::size_t new_size, std::size_t align)
{
    if (!new_size) {
        std::free(ptr);
        return nullptr;
    }
    void *got = std::aligned_alloc(align, (new_size + 63) / 64 * 64);
    if (got && old_size) {
        std::memcpy(got, ptr, old_size < new_size ? old_size : new_size);
        std::free(ptr);
    }
    return got;
}

int main()
{
    mlpipe_ctx_options options = {};
    options.size = sizeof options;
    options.alloc = host_alloc;
    mlpipe::context ml(&options);
    const auto m = ml.attempt(mlpipe_model_load_bytes, "none", 4);
    return !m && !m.error().text.empty() &&
                   mlpipe_version() == MLPIPE_VERSION
               ? 0
               : 1;
}
