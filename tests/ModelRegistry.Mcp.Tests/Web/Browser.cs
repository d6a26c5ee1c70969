using System.Text.Json.Nodes;
using ModelRegistry.Mcp.Tests.Clients;
using ModelRegistry.Tests;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>A real Chromium. Each person in it has a browser profile of their own: their cookies, their authenticator.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly NodeProgram _program;

    private Browser(NodeProgram program) => _program = program;

    public static Browser Start()
    {
        var path = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);
        Needs.That(path is not null, "Chromium is not installed here (Debian: chromium).");
        return new Browser(NodeProgram.Start("browser.mjs", path!));
    }

    /// <summary>Opens a profile for a person.</summary>
    /// <param name="at">What addresses of its pages are relative to.</param>
    /// <param name="touch">A phone instead of a desk.</param>
    /// <param name="script">Whether pages run scripts in it.</param>
    public async Task<BrowserPage> OpenAsync(string name, Uri at, bool touch = false, bool script = true)
    {
        await DoAsync(new JsonObject { ["act"] = "open", ["name"] = name, ["touch"] = touch, ["script"] = script, ["width"] = touch ? 390 : 1280, ["height"] = touch ? 844 : 900 });
        return new BrowserPage(this, name, at);
    }

    internal async Task<JsonNode?> DoAsync(JsonObject command)
    {
        await _program.TellAsync(command);
        var answer = await _program.HearAsync() ?? throw new EndOfStreamException($"The browser ended. {_program.Errors}");
        return answer["error"] is { } error ? throw new InvalidOperationException($"{command.ToJsonString()}: {error}") : answer["value"];
    }

    public async ValueTask DisposeAsync()
    {
        await _program.EndAsync();
        _program.Dispose();
    }
}

internal sealed record PageAnswer(int Status, string Url, string Text);

/// <summary>One person's page.</summary>
internal sealed class BrowserPage(Browser browser, string name, Uri at)
{
    /// <summary>Opens an address of the server's; gives the status.</summary>
    public async Task<int> GoAsync(string path) => (int)(await DoAsync("go", ("url", new Uri(at, path).AbsoluteUri)))!;

    public Task FillAsync(string at, string text) => DoAsync("fill", ("at", at), ("text", text));

    public Task ChooseAsync(string at) => DoAsync("choose", ("at", at));

    public Task ClickAsync(string at) => DoAsync("click", ("at", at));

    public Task TapAsync(string at) => DoAsync("tap", ("at", at));

    public Task PressAsync(string keys) => DoAsync("press", ("keys", keys));

    /// <summary>Waits until it is there; gives its text.</summary>
    public async Task<string> SeeAsync(string at) => (string)(await DoAsync("see", ("at", at)))!;

    public async Task<int> CountAsync(string at) => (int)(await DoAsync("count", ("at", at)))!;

    public async Task<string> UrlAsync() => (string)(await DoAsync("url"))!;

    /// <summary>Runs a script in the page, as an agent that has a browser would.</summary>
    public async Task<JsonNode?> RunAsync(string script) => await DoAsync("run", ("script", script));

    /// <summary>Sends a form as a script in the page does, with the page's own token unless another is given; status, final address and text.</summary>
    public async Task<PageAnswer> SendAsync(string path, params (string Name, string Value)[] fields)
    {
        var form = new JsonObject(fields.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Value)));
        var answer = await RunAsync($$"""
            (async () => {
              const fields = {{form.ToJsonString()}};
              fields.csrf ??= document.querySelector('[name=csrf]')?.value ?? '';
              const answer = await fetch({{JsonValue.Create(path).ToJsonString()}}, { method: 'POST', body: new URLSearchParams(fields) });
              return { status: answer.status, url: answer.url, text: await answer.text() };
            })()
            """);
        return new PageAnswer((int)answer!["status"]!, (string)answer["url"]!, (string)answer["text"]!);
    }

    /// <summary>Has the page's authenticator answer a challenge, without sending the form: what a script in the page could take away.</summary>
    public async Task<(string State, string Credential)> SignAsync(string path, string decision)
    {
        var signed = await RunAsync($$"""
            (async () => {
              const body = new URLSearchParams({ csrf: document.querySelector('[name=csrf]').value, decision: '{{decision}}' });
              const question = await (await fetch('{{path}}', { method: 'POST', body })).json();
              const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question.public_key) });
              return { state: question.state, credential: JSON.stringify(credential.toJSON()) };
            })()
            """);
        return ((string)signed!["state"]!, (string)signed["credential"]!);
    }

    public Task ShotAsync(string path, bool whole = false) => DoAsync("shot", ("path", path), ("whole", whole));

    /// <summary>Whether the authenticator recognises its user from now on.</summary>
    public Task VerifyAsync(bool yes) => DoAsync("verify", ("yes", yes));

    public async Task<JsonArray> CookiesAsync() => (await DoAsync("cookies"))!.AsArray();

    /// <summary>What the browser complained of: script errors, and whatever its content policy stopped.</summary>
    public async Task<JsonArray> ComplaintsAsync() => (await DoAsync("complaints"))!.AsArray();

    /// <summary>Whether everybody can use the page as it stands: axe, and no sideways scrolling, in light and dark, on a phone and on a desk.</summary>
    public async Task FitAsync()
    {
        var found = (await DoAsync("fit"))!.AsArray();
        Assert.True(found.Count == 0, $"{await UrlAsync()}: {string.Join('\n', found.Select(f => f!.ToJsonString()))}");
    }

    /// <summary>Presses Tab until the keyboard is there; the words of every stop on the way, each of which has to be seen.</summary>
    public async Task<IReadOnlyList<string>> TabToAsync(string words)
    {
        var stops = new List<string>();
        while (stops.LastOrDefault() != words)
        {
            Assert.True(stops.Count < 60, $"The keyboard does not come to '{words}': {string.Join(", ", stops)}");
            await PressAsync("Tab");
            var stop = await DoAsync("focus");
            if (stop is null)
                continue;
            Assert.True((bool)stop["ring"]! && (bool)stop["seen"]!, $"Where the keyboard is cannot be seen: {stop.ToJsonString()} after {string.Join(", ", stops)}");
            stops.Add((string)stop["words"]!);
        }
        return stops;
    }

    /// <summary>Types where the keyboard is.</summary>
    public Task TypeAsync(string text) => DoAsync("type", ("text", text));

    /// <summary>Signs in with the passphrase and waits for the inbox.</summary>
    /// <param name="person">Who; the profile's name unless it is another's.</param>
    public async Task SignInAsync(string? person = null, string passphrase = SeededRegistry.Passphrase)
    {
        await GoAsync("ui/inbox");
        await FillAsync("[name=name]", person ?? name);
        await FillAsync("[name=passphrase]", passphrase);
        await ClickAsync("button.first");
        await SeeAsync("#live");
    }

    /// <summary>Enrols the profile's authenticator as the person's first passkey.</summary>
    public async Task EnrolAsync()
    {
        await AskToEnrolAsync($"{name}'s phone");
        await SeeAsync("text=active");
    }

    /// <summary>Asks on the page of one's own to enrol the profile's authenticator, by passphrase.</summary>
    public async Task AskToEnrolAsync(string keyName, string? invite = null)
    {
        await GoAsync("ui/me");
        await FillAsync("[name=key_name]", keyName);
        if (invite is not null)
            await FillAsync("[name=invite]", invite);
        await FillAsync("form[data-enrol] [name=passphrase]", SeededRegistry.Passphrase);
        await ClickAsync("form[data-enrol] .way:has([name=passphrase]) button");
    }

    /// <summary>Sends a form with the passphrase: of the forms that go to an address, the first.</summary>
    public async Task ProveAsync(string action)
    {
        await FillAsync($"form[action='{action}'] [name=passphrase]", SeededRegistry.Passphrase);
        await ClickAsync($"form[action='{action}'] .way:has([name=passphrase]) button");
    }

    /// <summary>Chooses on the Decide page and proves it, with the passkey or else with the passphrase.</summary>
    public async Task DecideAsync(string decision, bool passkey, string comment = "")
    {
        await ChooseAsync($".decide [value={decision}]");
        await FillAsync(".decide textarea", comment);
        if (passkey)
        {
            await ClickAsync(".decide button[data-passkey]");
            return;
        }
        await FillAsync(".decide [name=passphrase]", SeededRegistry.Passphrase);
        await ClickAsync(".decide .way:has([name=passphrase]) button");
    }

    private Task<JsonNode?> DoAsync(string act, params (string Name, JsonNode? Value)[] args)
    {
        var command = new JsonObject { ["act"] = act, ["name"] = name };
        foreach (var (key, value) in args)
            command[key] = value;
        return browser.DoAsync(command);
    }
}
