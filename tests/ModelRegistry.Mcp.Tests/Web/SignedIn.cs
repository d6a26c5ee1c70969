using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace ModelRegistry.Mcp.Tests.Web;

/// <summary>A person who is signed in at the pages, without a browser: the form was posted, the cookie is kept.</summary>
internal sealed partial class SignedIn : IAsyncDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _http;

    private SignedIn(Uri address) => _http = new HttpClient(new HttpClientHandler { CookieContainer = _cookies, AllowAutoRedirect = false }) { BaseAddress = Address = address };

    /// <summary>Serves a registry and signs in there.</summary>
    public static async Task<SignedIn> ToAsync(SeededRegistry registry, string person = "ben")
    {
        var server = await ServeProcess.StartAsync(registry.DataFolder);
        return await InAsync(person, new SignedIn(server.Address) { Server = server });
    }

    public Uri Address { get; }

    /// <summary>The server that was started for it and ends with it; null when it came to one that was there.</summary>
    private ServeProcess? Server { get; init; }

    /// <summary>The cookie as <c>name=value</c>.</summary>
    public string Cookie => _cookies.GetCookieHeader(Address);

    public static Task<SignedIn> AsAsync(string person, Uri address) => InAsync(person, new SignedIn(address));

    private static async Task<SignedIn> InAsync(string person, SignedIn it)
    {
        var answer = await it.PostAsync("/ui/sign-in", ("name", person), ("passphrase", SeededRegistry.Passphrase), ("next", "/ui/models"));
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/ui/models", answer.Headers.Location?.ToString());
        return it;
    }

    /// <summary>Somebody who is not signed in.</summary>
    public static SignedIn Nobody(Uri address) => new(address);

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(path);

    /// <summary>A page that is there; what is in its main part.</summary>
    public async Task<string> PageAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var answer = await GetAsync(path);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.True(expected == answer.StatusCode, $"{path} answered {(int)answer.StatusCode}: {html}");
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Contains("style-src 'self'", string.Join(' ', answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        // Neither would be let through by the policy above. What stands between quotes is a value.
        var tags = Quoted().Replace(html, "=\"\"");
        Assert.DoesNotMatch(InlineStyle(), tags);
        Assert.DoesNotMatch(InlineScript(), tags);
        return html;
    }

    public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] form) => PostAsync(path, Address.GetLeftPart(UriPartial.Authority), form);

    public async Task<HttpResponseMessage> PostAsync(string path, string? origin, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value))) };
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        return await _http.SendAsync(request);
    }

    /// <summary>The token that goes into forms of this sign-in.</summary>
    public async Task<string> CsrfAsync() => Csrf().Match(await PageAsync("/ui/audit")).Groups[1].Value;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (Server is not null)
            await Server.DisposeAsync();
    }

    [GeneratedRegex("""<[^>]*\sstyle=|<style""", RegexOptions.IgnoreCase)]
    private static partial Regex InlineStyle();

    [GeneratedRegex("""<script(?![^>]*\ssrc=)|<[^>]*\son[a-z]+=""", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();

    [GeneratedRegex("=\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("""name="csrf" value="([^"]+)""")]
    private static partial Regex Csrf();
}
