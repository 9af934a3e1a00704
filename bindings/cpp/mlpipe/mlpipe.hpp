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
 * (-fno-exceptions, or MLPIPE_NO_EXCEPTIONS before the include):
 *
 *     auto all = ml(mlpipe_read_csv, "houses.csv", nullptr);
 *     if (!all)
 *         return complain(all.error().text);
 *     std::int64_t rows = mlpipe_dataset_rows(*all);
 *     if (auto r = ml(mlpipe_pipeline_add, p, "gbt", nullptr); !r)
 *         return complain(r.error().text);
 *
 * One program may have files of both kinds; a context of the one is another
 * type than a context of the other, handles are the same.
 *
 * Functions that take no context (mlpipe_worker_predict, mlpipe_dataset_rows,
 * ...) are called as they are: a handle is a pointer wherever one is wanted.
 * Of a temporary handle only a pointer to const is had that way. Arguments:
 * texts as const char *, std::string or std::string_view (copied); arrays as
 * pointers, C arrays, std::array or std::vector; nullptr, never NULL or 0, for
 * what is left to the defaults.
 *
 * A handle has one owner and is moved. What C says of threads and of lifetimes
 * holds: objects may be freed in any order, and outlive their context.
 * Callbacks (logs, progress, streams, ...) are called from C: none of them may
 * let an exception out.
 */
#ifndef MLPIPE_MLPIPE_HPP
#define MLPIPE_MLPIPE_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "mlpipe.hpp needs C++17: -std=c++17 or later"
#endif

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
#include <vector>

#include <mlpipe/mlpipe.h>

#if !defined(MLPIPE_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define MLPIPE_NO_EXCEPTIONS 1
#endif
#ifndef MLPIPE_NO_EXCEPTIONS
#include <stdexcept>
#endif

/* What is returned lives no longer than this argument, or than the object:
 * clang warns where that is a temporary. */
#ifdef __has_cpp_attribute
#if __has_cpp_attribute(clang::lifetimebound)
#define MLPIPE_CPP_BOUND [[clang::lifetimebound]]
#endif
#endif
#ifndef MLPIPE_CPP_BOUND
#define MLPIPE_CPP_BOUND
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
template <class T> class [[nodiscard]] handle {
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
    operator T *() const & noexcept MLPIPE_CPP_BOUND { return object_; }
    /** Of a temporary only for what looks at it within the same expression:
     * a pointer that is kept would point to what is freed. */
    operator const T *() const && noexcept MLPIPE_CPP_BOUND { return object_; }
    operator T *() const && = delete;
    explicit operator bool() const noexcept { return object_ != nullptr; }
    T *get() const noexcept MLPIPE_CPP_BOUND { return object_; }
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
inline std::string_view view(const mlpipe_buffer *b MLPIPE_CPP_BOUND) noexcept
{
    return {mlpipe_buffer_data(b), mlpipe_buffer_size(b)};
}
inline std::string_view view(const buffer &b MLPIPE_CPP_BOUND) noexcept
{
    return view(b.get());
}
/* They would be freed before anybody looks: text() of a temporary. */
std::string_view view(const buffer &&) = delete;

/** A copy of the bytes of a buffer: mlpipe::text(ml(mlpipe_report_render, r,
 * "text")). */
inline std::string text(const mlpipe_buffer *b)
{
    return std::string(view(b));
}

/** The objects of a vector or an array of handles, for functions that take
 * many: ml(mlpipe_dataset_concat, mlpipe::pointers(parts), parts.size(),
 * nullptr). */
template <class Handles> auto pointers(const Handles &handles)
{
    std::vector<decltype(handles.begin()->get())> all;
    for (const auto &one : handles)
        all.push_back(one.get());
    return all;
}
/** The same of handles one by one: mlpipe::pointers(train, test). */
template <class T, class... More>
std::array<T *, 1 + sizeof...(More)> pointers(const handle<T> &first,
                                              const More &...more)
{
    return {first.get(), more.get()...};
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
    T &operator*() & noexcept MLPIPE_CPP_BOUND { return value_; }
    const T &operator*() const & noexcept MLPIPE_CPP_BOUND { return value_; }
    T &&operator*() && noexcept MLPIPE_CPP_BOUND { return std::move(value_); }
    T *operator->() noexcept MLPIPE_CPP_BOUND { return &value_; }
    const T *operator->() const noexcept MLPIPE_CPP_BOUND { return &value_; }
    /** What was given, else the other value. */
    template <class U> T value_or(U &&other) &&
    {
        return *this ? std::move(value_) : T(std::forward<U>(other));
    }
    template <class U> T value_or(U &&other) const &
    {
        return *this ? value_ : T(std::forward<U>(other));
    }
    const mlpipe::failure &error() const noexcept MLPIPE_CPP_BOUND
    {
        return failure_;
    }

private:
    T value_{};
    mlpipe::failure failure_;
};

/** Of calls that give nothing. */
struct nothing {};

/** Of calls that give two things. */
template <class A, class B> struct [[nodiscard]] both : std::pair<A, B> {
    using std::pair<A, B>::pair;
};

/* ---- records ------------------------------------------------------------ */

/** MLPIPE_F64, MLPIPE_I32 ... of the type of a field. */
template <class T> constexpr std::int32_t field_kind() noexcept
{
    using V = std::remove_cv_t<std::remove_reference_t<T>>;
    if constexpr (std::is_enum_v<V>)
        return field_kind<std::underlying_type_t<V>>();
    else if constexpr (std::is_same_v<V, double>)
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

/** MLPIPE_TOKEN, where the field can hold one. */
template <class T> constexpr std::int32_t token_kind() noexcept
{
    using V = std::remove_cv_t<std::remove_reference_t<T>>;
    static_assert(std::is_same_v<V, std::uint32_t>,
                  "a token is a std::uint32_t");
    return MLPIPE_TOKEN;
}

/** A number of the host's record, its kind by its type, that of an enum by
 * what lies under it; gives what a call gives: MLPIPE_CPP_FIELD(ml, layout,
 * house, sqft). The column has the name of the field, "position[1]" too. */
#define MLPIPE_CPP_FIELD(ml, layout, type, name)                              \
    (ml)(mlpipe_layout_field, layout, #name,                                  \
         ::mlpipe::field_kind<decltype(type::name)>(), offsetof(type, name))
/** The same of a field with a token of mlpipe_layout_token. */
#define MLPIPE_CPP_TOKEN(ml, layout, type, name)                              \
    (ml)(mlpipe_layout_field, layout, #name,                                  \
         ::mlpipe::token_kind<decltype(type::name)>(), offsetof(type, name))

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

/* A text that need not end in 0, as one that does, while the call lasts. */
struct ended {
    std::string text;
    operator const char *() const noexcept { return text.c_str(); }
};

/* Has A data() that is a P? */
template <class P, class A, class = void>
struct holds : std::false_type {};
template <class P, class A>
struct holds<P, A, std::void_t<decltype(std::declval<A &>().data())>>
    : std::is_convertible<decltype(std::declval<A &>().data()), P> {};

/* Is V a number, or an enum that turns into one by itself? */
template <class V>
constexpr bool is_number =
    std::is_arithmetic_v<V> ||
    (std::is_enum_v<V> && std::is_convertible_v<V, long long>);

/* An argument as the parameter of type P. It is named in here, so that a
 * temporary handle, which lives until the call has returned, may be any. */
template <class P, class A> auto pass(A &a)
{
    using V = std::remove_cv_t<A>;
    if constexpr (std::is_pointer_v<P> && is_number<V>) {
        static_assert(!is_number<V>,
                      "a pointer is wanted here: nullptr, not NULL or 0");
        return P();
    } else if constexpr (std::is_same_v<P, const char *> &&
                         std::is_same_v<V, std::string_view>) {
        return ended{std::string(a)};
    } else if constexpr (holds<P, A>::value) {
        return static_cast<P>(a.data());
    } else if constexpr (std::is_integral_v<P> && is_number<V>) {
        static_assert(!std::is_floating_point_v<V>,
                      "a whole number is wanted here: cast it");
        return static_cast<P>(a);
    } else if constexpr (std::is_arithmetic_v<P> && is_number<V>) {
        return static_cast<P>(a);
    } else {
        const P as_it_is = a;
        return as_it_is;
    }
}

/* Would the parameter hold another whole number? Those of one width and
 * another sign are taken, as C takes them. */
template <class P, class A> bool changes(const A &a)
{
    if constexpr (std::is_integral_v<P> && is_number<A> &&
                  !std::is_floating_point_v<A>)
        return static_cast<A>(static_cast<P>(a)) != a;
    else
        return false;
}

template <class Tuple, std::size_t First, std::size_t... I>
auto tail(std::index_sequence<I...>)
    -> std::tuple<std::tuple_element_t<First + I, Tuple>...>;

/* The parameters from the First-th on. */
template <std::size_t First, class... P>
using tail_of = decltype(tail<std::tuple<P...>, First>(
    std::make_index_sequence<sizeof...(P) - First>{}));

/* Is a parameter of type P one that the function fills in? Objects that are
 * borrowed (T *) and texts (const char *) are not. */
template <class P> constexpr bool is_output = false;
template <class T>
constexpr bool is_output<T *> =
    !std::is_const_v<T> &&
    (std::is_arithmetic_v<T> || std::is_pointer_v<T> ||
     std::is_same_v<T, ArrowSchema> || std::is_same_v<T, ArrowArray> ||
     std::is_same_v<T, ArrowArrayStream>);
template <class Outs> constexpr bool are_outputs = false;
template <class... P>
constexpr bool are_outputs<std::tuple<P...>> = (is_output<P> && ...);

template <class Outs> struct giving;
template <> struct giving<std::tuple<>> {
    using type = nothing;
    template <class F> static auto call(F &&f, type &) { return f(); }
};
template <class P> struct giving<std::tuple<P>> {
    using type = typename given<P>::type;
    template <class F> static auto call(F &&f, type &out)
    {
        std::remove_pointer_t<P> raw{};
        auto why = f(&raw);
        out = given<P>::keep(raw);
        return why;
    }
};
template <class P, class Q> struct giving<std::tuple<P, Q>> {
    using type = both<typename given<P>::type, typename given<Q>::type>;
    template <class F> static auto call(F &&f, type &out)
    {
        std::remove_pointer_t<P> a{};
        std::remove_pointer_t<Q> b{};
        auto why = f(&a, &b);
        out = type(given<P>::keep(a), given<Q>::keep(b));
        return why;
    }
};

} // namespace detail

/* Contexts of files with exceptions and of files without are two types: one
 * name for both would let the linker give one the functions of the other. */
#ifdef MLPIPE_NO_EXCEPTIONS
inline namespace gives_results {
#else
inline namespace throws_errors {
#endif

/** A context; see base.h for its options, and for threads. */
class context {
public:
    /** Where exceptions are off and it cannot be made, the first call tells
     * of it. */
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

    operator mlpipe_ctx *() const & noexcept MLPIPE_CPP_BOUND { return ctx_; }
    operator mlpipe_ctx *() const && = delete;

    /** Call a function that takes a context: never throws an error of the
     * library. Its last one or two parameters, where they are left out, are
     * what it gives. */
    template <class... P, class... A>
    auto attempt(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        static_assert(sizeof...(A) <= sizeof...(P), "too many arguments");
        static_assert(sizeof...(P) <= sizeof...(A) + 2, "too few arguments");
        using outs = detail::tail_of<sizeof...(A), P...>;
        constexpr bool whole = detail::are_outputs<outs>;
        static_assert(whole, "an argument is missing: nullptr where the "
                             "defaults will do; ml.array<N> gives arrays");
        if constexpr (whole) {
            using give = detail::giving<outs>;
            using type = typename give::type;
            type out{};
            const failure why = give::call(
                [&](auto *...given) { return run(f, a..., given...); }, out);
            return why.status == MLPIPE_OK ? result<type>(std::move(out))
                                           : result<type>(why);
        } else {
            return result<nothing>(failure());
        }
    }

    /** The same of functions that end in an array of objects and its count,
     * such as mlpipe_dataset_split: gives a std::array of N handles. */
    template <std::size_t N, class... P, class... A>
    auto attempt_array(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        static_assert(sizeof...(P) == sizeof...(A) + 2,
                      "the array and its count are left out, nothing else");
        using object = std::remove_pointer_t<std::remove_pointer_t<
            std::tuple_element_t<sizeof...(A), std::tuple<P...>>>>;
        using type = std::array<handle<object>, N>;
        object *raw[N] = {};
        const std::size_t count = N;
        const failure why = run(f, a..., raw, count);
        type out;
        for (std::size_t i = 0; i < N; i++)
            out[i].reset(raw[i]);
        return why.status == MLPIPE_OK ? result<type>(std::move(out))
                                       : result<type>(why);
    }

#ifdef MLPIPE_NO_EXCEPTIONS
    /** Gives a result, as attempt does. */
    template <class... P, class... A>
    auto operator()(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        return attempt(f, a...);
    }
    template <std::size_t N, class... P, class... A>
    auto array(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        return attempt_array<N>(f, a...);
    }
#else
    /** Gives what the function gives, or throws mlpipe::error. */
    template <class... P, class... A>
    auto operator()(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        auto r = attempt(f, a...);
        if (!r)
            throw mlpipe::error(r.error());
        return *std::move(r);
    }
    template <std::size_t N, class... P, class... A>
    [[nodiscard]] auto array(mlpipe_status (*f)(mlpipe_ctx *, P...), A &&...a)
    {
        auto r = attempt_array<N>(f, a...);
        if (!r)
            throw mlpipe::error(r.error());
        return *std::move(r);
    }
#endif

private:
    /* The call itself, with all arguments. A whole number that its parameter
     * cannot hold does not reach it as another one. */
    template <class... P, class... A>
    failure run(mlpipe_status (*f)(mlpipe_ctx *, P...), A &...a)
    {
        int place = 0, changed = 0;
        ((place++, changed = !changed && detail::changes<P>(a) ? place
                                                               : changed),
         ...);
        if (changed)
            return {MLPIPE_E_ARG, 0, -1, {}, {},
                    "argument " + std::to_string(changed) +
                        " is a number that its parameter cannot hold; "
                        "a smaller one, or another type"};
        const mlpipe_status st = f(ctx_, detail::pass<P>(a)...);
        return st == MLPIPE_OK ? failure() : told(st);
    }

    failure told(mlpipe_status st) const
    {
        if (!ctx_)
            return {st, 0, -1, {}, {},
                    mlpipe_status_name(st) +
                        std::string(
                            ": the context is empty: it was moved from, or "
                            "could not be made, for want of memory or by its "
                            "options (libmlpipe-serve: they need alloc)")};
        const mlpipe_error *e = mlpipe_ctx_error(ctx_);
        return {st, e->detail, e->row, e->column, e->where, e->text};
    }

    ctx ctx_;
};

} // inline namespace

} // namespace mlpipe

#endif
