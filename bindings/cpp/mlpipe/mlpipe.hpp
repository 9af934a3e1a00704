/* SPDX-License-Identifier: MIT */
/**
 * @file mlpipe.hpp
 * The C API for C++17: handles that free themselves, and calls that return
 * what they give.
 *
 * There is no second API to learn: every function of the C headers is called
 * by its own name, through a context, without the context in front and
 * without the pointers for what it gives at the end:
 *
 *     mlpipe::context ml;
 *     mlpipe::dataset all = ml(mlpipe_read_csv, "houses.csv", nullptr);
 *     auto [train, test] =
 *         ml.array<2>(mlpipe_dataset_split, all, "order=date parts=0.8,0.2");
 *     mlpipe::pipeline p = ml(mlpipe_pipeline_new, "target=price");
 *     ml(mlpipe_pipeline_add, p, "gbt", "trees=300");
 *     mlpipe::model m = ml(mlpipe_fit, p, train, nullptr);
 *
 * A call that fails throws mlpipe::error. ml.attempt(...) does not: it gives
 * an mlpipe::result, and so does every call where exceptions are off
 * (-fno-exceptions, or MLPIPE_NO_EXCEPTIONS before the include). Functions
 * that take no context (mlpipe_worker_predict, mlpipe_dataset_rows, ...) are
 * called as they are: a handle is a pointer wherever one is wanted.
 *
 * A handle has one owner and is moved. What C says of threads and of lifetimes
 * holds: objects may be freed in any order, and outlive their context.
 */
#ifndef MLPIPE_MLPIPE_HPP
#define MLPIPE_MLPIPE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mlpipe/mlpipe.h>

#if !defined(MLPIPE_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define MLPIPE_NO_EXCEPTIONS 1
#endif
#ifndef MLPIPE_NO_EXCEPTIONS
#include <stdexcept>
#endif

namespace mlpipe {

/* ---- handles ------------------------------------------------------------ */

namespace detail {
/* What frees a T; a type without one is given as a value. */
template <class T> struct freeing {
    static constexpr bool known = false;
};
} // namespace detail

/** The owner of one object of the library, or of none. */
template <class T> class handle {
public:
    constexpr handle() noexcept = default;
    constexpr handle(std::nullptr_t) noexcept {}
    /** Takes it. */
    explicit handle(T *object) noexcept : object_(object) {}
    handle(handle &&from) noexcept : object_(from.release()) {}
    handle &operator=(handle &&from) noexcept
    {
        reset(from.release());
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { reset(); }

    /** The object, which stays ours: for any function of the C API. */
    operator T *() const noexcept { return object_; }
    T *get() const noexcept { return object_; }
    /** Gives the object up. */
    [[nodiscard]] T *release() noexcept
    {
        return std::exchange(object_, nullptr);
    }
    /** Frees the object, and takes another one. */
    void reset(T *object = nullptr) noexcept
    {
        if (T *old = std::exchange(object_, object))
            detail::freeing<T>::free(old);
    }

private:
    T *object_ = nullptr;
};

/* One line for each type that has a free function; a test counts them. */
#define MLPIPE_CPP_HANDLE(name)                                               \
    namespace detail {                                                        \
    template <> struct freeing<mlpipe_##name> {                               \
        static constexpr bool known = true;                                   \
        static void free(mlpipe_##name *object) noexcept                      \
        {                                                                     \
            mlpipe_##name##_free(object);                                     \
        }                                                                     \
    };                                                                        \
    }                                                                         \
    using name = handle<mlpipe_##name>;

MLPIPE_CPP_HANDLE(buffer)
MLPIPE_CPP_HANDLE(builder)
MLPIPE_CPP_HANDLE(copula)
MLPIPE_CPP_HANDLE(ctx)
MLPIPE_CPP_HANDLE(cycle)
MLPIPE_CPP_HANDLE(dataset)
MLPIPE_CPP_HANDLE(detector)
MLPIPE_CPP_HANDLE(layout)
MLPIPE_CPP_HANDLE(model)
MLPIPE_CPP_HANDLE(monitor)
MLPIPE_CPP_HANDLE(pipeline)
MLPIPE_CPP_HANDLE(predictor)
MLPIPE_CPP_HANDLE(report)
MLPIPE_CPP_HANDLE(slot)
MLPIPE_CPP_HANDLE(source)
MLPIPE_CPP_HANDLE(store)
MLPIPE_CPP_HANDLE(transform)
MLPIPE_CPP_HANDLE(trigger)
MLPIPE_CPP_HANDLE(worker)
#undef MLPIPE_CPP_HANDLE

/** The bytes of a buffer, which stay its own. */
inline std::string_view view(const mlpipe_buffer *b) noexcept
{
    return {mlpipe_buffer_data(b), mlpipe_buffer_size(b)};
}

/* ---- errors ------------------------------------------------------------- */

/** A copy of mlpipe_error, which outlives the context. */
struct failure {
    mlpipe_status status = MLPIPE_OK;
    std::int32_t detail = 0;
    std::int64_t row = -1;
    std::string column, where, text;
};

#ifndef MLPIPE_NO_EXCEPTIONS
/** What a call throws; what() is the message. */
class error : public std::runtime_error {
public:
    explicit error(failure f)
        : std::runtime_error(f.text), failure_(std::move(f))
    {
    }
    mlpipe_status status() const noexcept { return failure_.status; }
    const failure &info() const noexcept { return failure_; }

private:
    failure failure_;
};
#endif

/** What a call gave, or why it gave nothing. */
template <class T> class [[nodiscard]] result {
public:
    explicit result(T value) : value_(std::move(value)) {}
    explicit result(mlpipe::failure f) : failure_(std::move(f)) {}

    /** Did it succeed? */
    explicit operator bool() const noexcept
    {
        return failure_.status == MLPIPE_OK;
    }
    /** After success what was given; else empty. */
    T &operator*() & noexcept { return value_; }
    T &&operator*() && noexcept { return std::move(value_); }
    T *operator->() noexcept { return &value_; }
    const mlpipe::failure &error() const noexcept { return failure_; }

private:
    T value_{};
    mlpipe::failure failure_;
};

/** Of calls that give nothing. */
struct nothing {};

/* ---- records ------------------------------------------------------------ */

/** MLPIPE_F64, MLPIPE_I32 ... of the type of a field. */
template <class T> constexpr std::int32_t field_kind() noexcept
{
    using V = std::remove_cv_t<T>;
    if constexpr (std::is_same_v<V, double>)
        return MLPIPE_F64;
    else if constexpr (std::is_same_v<V, float>)
        return MLPIPE_F32;
    else if constexpr (std::is_same_v<V, bool>)
        return MLPIPE_BOOL;
    else if constexpr (std::is_integral_v<V>) {
        constexpr bool sign = std::is_signed_v<V>;
        switch (sizeof(V)) {
        case 8: return sign ? MLPIPE_I64 : MLPIPE_U64;
        case 4: return sign ? MLPIPE_I32 : MLPIPE_U32;
        case 2: return sign ? MLPIPE_I16 : MLPIPE_U16;
        default: return sign ? MLPIPE_I8 : MLPIPE_U8;
        }
    }
    else
        static_assert(!sizeof(V), "no number: give mlpipe_layout_field a kind");
}

/** A number of the host's record, its kind by its type; gives what a call
 * gives: MLPIPE_CPP_FIELD(ml, layout, house, sqft). Tokens are no numbers:
 * mlpipe_layout_field with MLPIPE_TOKEN. */
#define MLPIPE_CPP_FIELD(ml, layout, type, name)                              \
    (ml)(mlpipe_layout_field, layout, #name,                                  \
         ::mlpipe::field_kind<decltype(type::name)>(), offsetof(type, name))

/* ---- calls -------------------------------------------------------------- */

namespace detail {

/* How a C parameter that is filled in comes back: T of T*, owned where it is
 * a pointer that has to be freed. */
template <class P> struct given {
    using type = std::remove_pointer_t<P>;
    static type keep(type x) { return x; }
};
template <class T> struct given<T **> {
    static constexpr bool owned = freeing<T>::known;
    using type = std::conditional_t<owned, handle<T>, T *>;
    static type keep(T *x) { return type(x); }
};

/* Arguments as C takes them. */
template <class T> const T &pass(const T &x) noexcept { return x; }
inline const char *pass(const std::string &s) noexcept { return s.c_str(); }

template <class Tuple, std::size_t First, std::size_t... I>
auto tail(std::index_sequence<I...>)
    -> std::tuple<std::tuple_element_t<First + I, Tuple>...>;

/* The parameters from the First-th on. */
template <std::size_t First, class... P>
using tail_of = decltype(tail<std::tuple<P...>, First>(
    std::make_index_sequence<sizeof...(P) - First>{}));

template <class Outs> struct giving;
template <> struct giving<std::tuple<>> {
    using type = nothing;
    template <class F> static mlpipe_status call(F &&f, type &) { return f(); }
};
template <class P> struct giving<std::tuple<P>> {
    using type = typename given<P>::type;
    template <class F> static mlpipe_status call(F &&f, type &out)
    {
        std::remove_pointer_t<P> raw{};
        const mlpipe_status st = f(&raw);
        out = given<P>::keep(raw);
        return st;
    }
};
template <class P, class Q> struct giving<std::tuple<P, Q>> {
    using type =
        std::pair<typename given<P>::type, typename given<Q>::type>;
    template <class F> static mlpipe_status call(F &&f, type &out)
    {
        std::remove_pointer_t<P> a{};
        std::remove_pointer_t<Q> b{};
        const mlpipe_status st = f(&a, &b);
        out = type(given<P>::keep(a), given<Q>::keep(b));
        return st;
    }
};

} // namespace detail

/** A context; see base.h for its options, and for threads. */
class context {
public:
    /** Where there is no memory for one, the first call says so. */
    explicit context(const mlpipe_ctx_options *options = nullptr)
    {
        mlpipe_ctx *c = nullptr;
        const mlpipe_status st = mlpipe_ctx_new(options, &c);
        ctx_.reset(c);
#ifndef MLPIPE_NO_EXCEPTIONS
        if (st != MLPIPE_OK)
            throw mlpipe::error(told(st));
#else
        (void)st;
#endif
    }

    operator mlpipe_ctx *() const noexcept { return ctx_; }

    /** Call a function that takes a context: never throws an error of the
     * library. Its last one or two parameters, where they are left out, are
     * what it gives. */
    template <class... P, class... A>
    auto attempt(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        static_assert(sizeof...(A) <= sizeof...(P), "too many arguments");
        static_assert(sizeof...(P) <= sizeof...(A) + 2, "too few arguments");
        using give = detail::giving<detail::tail_of<sizeof...(A), P...>>;
        using type = typename give::type;
        type out{};
        const mlpipe_status st = give::call(
            [&](auto *...outs) { return f(ctx_, detail::pass(a)..., outs...); },
            out);
        return st == MLPIPE_OK ? result<type>(std::move(out))
                               : result<type>(told(st));
    }

    /** The same of functions that end in an array of objects and its count,
     * such as mlpipe_dataset_split: gives a std::array of N handles. */
    template <std::size_t N, class... P, class... A>
    auto attempt_array(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        static_assert(sizeof...(P) == sizeof...(A) + 2,
                      "the array and its count are left out");
        using object = std::remove_pointer_t<std::remove_pointer_t<
            std::tuple_element_t<sizeof...(A), std::tuple<P...>>>>;
        using type = std::array<handle<object>, N>;
        object *raw[N] = {};
        type out;
        const mlpipe_status st = f(ctx_, detail::pass(a)..., raw, N);
        for (std::size_t i = 0; i < N; i++)
            out[i].reset(raw[i]);
        return st == MLPIPE_OK ? result<type>(std::move(out))
                               : result<type>(told(st));
    }

#ifdef MLPIPE_NO_EXCEPTIONS
    /** Gives a result, as attempt does. */
    template <class... P, class... A>
    auto operator()(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        return attempt(f, a...);
    }
    template <std::size_t N, class... P, class... A>
    auto array(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        return attempt_array<N>(f, a...);
    }
#else
    /** Gives what the function gives, or throws mlpipe::error. */
    template <class... P, class... A>
    auto operator()(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        auto r = attempt(f, a...);
        if (!r)
            throw mlpipe::error(r.error());
        return *std::move(r);
    }
    template <std::size_t N, class... P, class... A>
    auto array(mlpipe_status (*f)(mlpipe_ctx *, P...), const A &...a)
    {
        auto r = attempt_array<N>(f, a...);
        if (!r)
            throw mlpipe::error(r.error());
        return *std::move(r);
    }
#endif

private:
    failure told(mlpipe_status st) const
    {
        const mlpipe_error *e = mlpipe_ctx_error(ctx_);
        return {st, e->detail, e->row, e->column, e->where, e->text};
    }

    ctx ctx_;
};

} // namespace mlpipe

#endif
