using System.ComponentModel;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>Tools of the suites whose answers are fixed: each kind of content, progress, an error, schemas and headers.</summary>
internal static class ContentFixtures
{
    /// <summary>One transparent pixel.</summary>
    private static readonly byte[] Pixel = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    public static ImageContentBlock Image() => ImageContentBlock.FromBytes(Pixel, "image/png");

    public static EmbeddedResourceBlock Embedded(string uri, string type, string text) =>
        new() { Resource = new TextResourceContents { Uri = uri, MimeType = type, Text = text } };

    [McpServerTool(Name = "test_simple_text"), Description("Answers with one text.")]
    public static string SimpleText() => "This is a simple text response for testing.";

    [McpServerTool(Name = "test_image_content"), Description("Answers with one image.")]
    public static ImageContentBlock ImageContent() => Image();

    [McpServerTool(Name = "test_audio_content"), Description("Answers with one sound.")]
    public static AudioContentBlock AudioContent() => AudioContentBlock.FromBytes(Silence(), "audio/wav");

    [McpServerTool(Name = "test_embedded_resource"), Description("Answers with one resource.")]
    public static EmbeddedResourceBlock EmbeddedResource() => Embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.");

    [McpServerTool(Name = "test_multiple_content_types"), Description("Answers with text, image and resource.")]
    public static ContentBlock[] MultipleContentTypes() =>
    [
        new TextContentBlock { Text = "Multiple content types test:" },
        Image(),
        Embedded("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""),
    ];

    [McpServerTool(Name = "test_error_handling"), Description("Always fails.")]
    public static string ErrorHandling() => throw new McpException("This tool intentionally returns an error for testing");

    [McpServerTool(Name = "test_tool_with_progress"), Description("Reports 0, 50 and 100 of 100.")]
    public static async Task<string> WithProgress(RequestContext<CallToolRequestParams> call, CancellationToken cancel)
    {
        if (call.Params!.ProgressToken is { } token)
            foreach (var done in new[] { 0, 50, 100 })
                await call.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = done, Total = 100 }, cancellationToken: cancel);
        return "All of it is done.";
    }

    [McpServerTool(Name = "test_tool_with_logging"), Description("Sends three log messages.")]
    public static async Task<string> WithLogging(McpServer server, CancellationToken cancel)
    {
        foreach (var said in new[] { "Tool execution started", "Tool processing data", "Tool execution completed" })
            await server.SendNotificationAsync(
                NotificationMethods.LoggingMessageNotification,
                new LoggingMessageNotificationParams { Level = LoggingLevel.Info, Data = JsonSerializer.SerializeToElement(said) },
                McpJsonUtilities.DefaultOptions, cancel);
        return "Three messages were logged.";
    }

    [McpServerTool(Name = "test_logging_tool"), Description("Logs through the server's own logger, which says nothing unless the client asked for it.")]
    public static string Logging(McpServer server)
    {
        using var logs = server.AsClientLoggerProvider();
        logs.CreateLogger("fixture").LogInformation("Somebody called.");
        return "It logged.";
    }

    [McpServerTool(Name = "test_header_tool"), Description("Takes an argument that comes in a header as well.")]
    public static string Header([McpHeader("Region")] string region, string query) => $"{query} in {region}";

    /// <summary>A schema with the words of JSON Schema 2020-12 that servers tend to lose on the way.</summary>
    public static McpServerTool SchemaTool()
    {
        var tool = McpServerTool.Create(() => "It was called.", new McpServerToolCreateOptions { Name = "json_schema_2020_12_tool", Description = "Tool with JSON Schema 2020-12 features" });
        tool.ProtocolTool.InputSchema = JsonElement.Parse("""
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema",
              "type": "object",
              "$defs": {
                "address": {
                  "$anchor": "addressDef",
                  "type": "object",
                  "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
                }
              },
              "properties": {
                "name": { "type": "string" },
                "address": { "$ref": "#/$defs/address" },
                "contactMethod": { "type": "string", "enum": ["phone", "email"] },
                "phone": { "type": "string" },
                "email": { "type": "string" }
              },
              "allOf": [ { "anyOf": [ { "required": ["phone"] }, { "required": ["email"] } ] } ],
              "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
              "then": { "required": ["phone"] },
              "else": { "required": ["email"] },
              "additionalProperties": false
            }
            """);
        return tool;
    }

    /// <summary>A RIFF file with one sample.</summary>
    private static byte[] Silence()
    {
        using var bytes = new MemoryStream();
        using var wave = new BinaryWriter(bytes);
        wave.Write("RIFF"u8);
        wave.Write(38);
        wave.Write("WAVEfmt "u8);
        wave.Write(16);
        wave.Write((short)1);
        wave.Write((short)1);
        wave.Write(8_000);
        wave.Write(16_000);
        wave.Write((short)2);
        wave.Write((short)16);
        wave.Write("data"u8);
        wave.Write(2);
        wave.Write((short)0);
        return bytes.ToArray();
    }
}
