using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelRegistry.Mcp.Tests.Cli;
using ModelRegistry.Mcp.Tools;
using Xunit;

namespace ModelRegistry.Mcp.Tests;

/// <summary>What malformed messages once broke, each by itself.</summary>
public sealed class FoundTests
{
    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_models","name":"get_history"}}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{},"_meta":{}}}""", "1")]
    public void A_member_that_is_there_twice_is_refused_where_the_message_is_read(string line, string id) =>
        Assert.Equal((id, McpErrorCode.InvalidRequest), Problem(Encoding.UTF8.GetBytes(line)));

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"_"}}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_":1}}""", "1")]
    [InlineData("""{"jsonrpc":"2.0","id":"_","method":"ping"}""", "null")]
    public void Bytes_that_are_no_text_are_refused_where_the_message_is_read(string line, string id) =>
        Assert.Equal((id, McpErrorCode.InvalidRequest), Problem([.. Encoding.UTF8.GetBytes(line).SelectMany(b => b == (byte)'_' ? (byte[])[0xED, 0xA0, 0x80] : [b])]));

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":7}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""")]
    public void An_id_that_no_answer_can_be_told_by_is_not_given_back(string line) =>
        Assert.Equal(("null", McpErrorCode.InvalidRequest), Problem(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Half_a_character_in_the_name_of_a_member_does_not_end_the_reader() =>
        Assert.Equal(McpErrorCode.InvalidRequest, Problem("""{"\ud800":1,"jsonrpc":"2.0","method":7}"""u8.ToArray()).Code);

    [Theory]
    [InlineData("tools/call", """{"name":7}""")]
    [InlineData("tools/call", """{"name":"list_models","arguments":"all"}""")]
    [InlineData("tools/list", """{"cursor":{}}""")]
    public async Task Parameters_of_the_wrong_shape_are_the_clients_mistake(string method, string parameters)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder);
        var answer = await client.RequestAsync(method, JsonNode.Parse(parameters)!.AsObject());
        Assert.Equal(-32602, (int)answer["error"]!["code"]!);
        Assert.Contains(method, (string)answer["error"]!["message"]!);
    }

    [Fact]
    public async Task A_number_that_has_no_canonical_form_is_an_argument_like_another_when_an_answer_comes_with_it()
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var client = await StdioClient.StartAsync(registry.DataFolder, Era.Stateless, forms: true);
        var arguments = JsonNode.Parse("""{"promotion_id":9223372036854775808,"decision":"reject"}""")!.AsObject();
        var answer = RawClient.Read(await client.SendCallAsync("confirm_promotion", arguments, requestState: "eyJOb25jZSI6IjAwIn0.AAAA"));
        Assert.True(answer.IsError);
        Assert.DoesNotContain("internal_error", answer.Text);
    }

    [Theory]
    [InlineData("CONNECT /health HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\n\r\n", "HTTP/1.1 405")]
    [InlineData("POST /mcp HTTP/1.1\r\nHost: HERE\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nFFFFFFFFFFFFFFFFF\r\n", "HTTP/1.1 400")]
    [InlineData("POST /mcp HTTP/1.1\r\nHost: HERE\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 69\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"a\":1,\"a\":2}}", "HTTP/1.1 400")]
    [InlineData("PUT /api/2.0/mlflow-artifacts/artifacts/a HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nFFFFFFFFFFFFFFFFF\r\n", "HTTP/1.1 400")]
    [InlineData("PUT /blobs/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nFFFFFFFFFFFFFFFFF\r\n", "HTTP/1.1 400")]
    [InlineData("POST /models/churn/versions HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 87\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"; filename*\r\n\r\nx\r\n--b--\r\n", "HTTP/1.1 400")]
    [InlineData("POST /models/churn/versions HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 96\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"; filename*=utf-7''a\r\n\r\nx\r\n--b--\r\n", "HTTP/1.1 400")]
    public async Task A_request_that_cannot_be_read_is_the_clients_mistake(string request, string begins)
    {
        await using var registry = await SeededRegistry.OpenAsync();
        await using var server = await ServeProcess.StartAsync(registry.DataFolder);
        using var connection = new TcpClient();
        await connection.ConnectAsync(server.Address.Host, server.Address.Port);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request.Replace("HERE", server.Address.Authority, StringComparison.Ordinal)));
        using var answer = new StreamReader(connection.GetStream());
        Assert.StartsWith(begins, await answer.ReadToEndAsync());
    }

    [Theory]
    [InlineData("list-models", "--data", "")]
    [InlineData("list-models", "--database", "sqlite:")]
    [InlineData("backup", "--out", "")]
    [InlineData("download", "churn", "--out", "")]
    public async Task A_place_without_a_name_is_refused(params string[] args)
    {
        using var desk = await new CommandDesk().InitAsync();
        await desk.RegisterAsync("churn", 0.9);
        var ran = await desk.RunAsync(args);
        Assert.Equal((64, ""), (ran.Exit, ran.Out));
        Assert.StartsWith("invalid_arguments: ", ran.Err);
    }

    private static (string Id, McpErrorCode Code) Problem(byte[] line)
    {
        var (message, problem) = RpcReading.Of(new ReadOnlySequence<byte>(line));
        Assert.Null(message);
        return (problem!.Id, problem.Code);
    }
}
