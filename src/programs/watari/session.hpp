#pragma once

#include "client/progress.hpp"
#include "client/views.hpp"
#include "client/wait.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "net/network.hpp"

#include <functional>
#include <optional>
#include <string>

namespace watari::cli {

/// What the flags and the environment say about every command.
struct Options {
    std::string server;
    std::string token_file;
    std::string ca_file;
    bool json = false;
    std::optional<bool> wait = {}; ///< as given; on a terminal we wait unless told otherwise
    std::int64_t wait_timeout_seconds = 3600;
    Language language = Language::en;
    bool is_terminal_out = false;
    bool is_terminal_err = false;
    bool colours_out = false;
    bool colours_err = false;
    std::size_t columns = 0; ///< of the terminal behind standard error
};

/// One run of the program: the client, and where things are written. Data goes to standard output,
/// everything else to standard error.
class Session
{
public:
    Session(client::Client& client, net::Network& network, Pool& blocking, Clock& clock,
            Random& random, Options options)
        : client(client),
          network(network),
          blocking(blocking),
          clock(clock),
          random(random),
          options(std::move(options))
    {
    }

    client::Client& client; ///< of watarid
    net::Network& network;
    Pool& blocking; ///< for what may wait, such as a KDC
    Clock& clock;
    Random& random;
    Options options;
    std::string waiting_for = {}; ///< the operation that is being followed

    client::TextStyle style() const
    {
        return {.language = options.language, .colours = options.colours_out};
    }
    /// The given key, or a new one, so that one command makes one order however often it is sent.
    std::string key_or_new(const std::string& given) const;
    void out(std::string_view text) const;
    void err(std::string_view text) const;
    void note(const Message& message) const;

    /// JSON as it came, or the table.
    template <class T>
    client::ExitCode show(const client::Answer<T>& answer) const
    {
        out(options.json ? answer.json + "\n" : client::text_of(answer.value, style()));
        return client::ExitCode::ok;
    }
    template <class List>
    client::ExitCode show_list(const client::Answer<List>& answer) const
    {
        show(answer);
        note_more(answer.value.next_page_token.has_value());
        return client::ExitCode::ok;
    }

    /// After an order: follows the operation, or says its id.
    Task<client::ExitCode> follow(client::Answer<contract::Operation> operation);
    /// Draws progress, and what came of it at the end.
    Task<client::WaitResult> wait_for(client::Answer<contract::Operation> operation);
    bool waits() const { return options.wait.value_or(options.is_terminal_out); }

private:
    void note_more(bool is_there_more) const;
};

using Act = std::function<Task<client::ExitCode>(Session&)>;

/// What the command line asked for.
struct Action {
    Act act = {};
    bool is_direct = false; ///< speaks to hosts by itself and needs no watarid
};

} // namespace watari::cli
