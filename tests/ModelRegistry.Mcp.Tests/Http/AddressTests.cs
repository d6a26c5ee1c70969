using System.Net;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>Who needs no token: callers on this machine of a server that nobody else reaches, however its address is written.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("http://[::1]:0", "[::1]")]
    [InlineData("http://127.0.0.2:0", "127.0.0.2")]
    [InlineData("http://localhost:0", "LOCALHOST")]
    public async Task Whatever_its_loopback_address_is_called_the_server_takes_callers_without_a_token_there(string url, string host)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAtAsync(url, registry.DataFolder);
        await using var client = await HttpRawClient.ConnectAsync(server.Address);
        client.Headers["Host"] = host;
        Assert.False((await client.CallAsync("list_models")).IsError);
        client.Headers["Host"] = "[::ffff:10.0.0.1]";
        using var elsewhere = await client.PostCallAsync("list_models");
        Assert.Equal(HttpStatusCode.Forbidden, elsewhere.StatusCode);
    }

    [Theory]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    [InlineData("http://+:0")]
    [InlineData("http://0:0")]
    [InlineData("http://[::ffff:10.0.0.1]:0")]
    [InlineData("http://[fe80::1]:0")]
    [InlineData("http://localhost:0;http://[::]:0")]
    public async Task Under_a_policy_for_one_user_no_way_to_write_an_address_opens_it_to_others(string urls)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        var (code, errors) = await ServeProcess.RefusedAsync(registry.DataFolder, "--urls", urls);
        Assert.Equal(65, code);
        Assert.StartsWith("serve_exposed", errors);
    }

    [Fact]
    public async Task Where_it_listens_to_everyone_a_caller_from_this_machine_needs_a_token_too_whatever_the_policy_becomes()
    {
        await using var registry = await SeededRegistry.OpenAsync("team");
        await using var server = await ServeProcess.StartAtAsync("http://[::]:0", registry.DataFolder);
        await registry.AcceptAsync("local");
        foreach (var loopback in (string[])["127.0.0.1", "[::1]"])
        {
            await using var client = await HttpRawClient.ConnectAsync(new Uri($"http://{loopback}:{server.Address.Port}"));
            using var response = await client.PostCallAsync("list_models");
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            client.Token = await registry.TokenAsync("planner");
            Assert.False((await client.CallAsync("list_models")).IsError);
        }
    }
}
