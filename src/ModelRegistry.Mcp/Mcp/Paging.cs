using ModelContextProtocol.Protocol;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Tools;

/// <summary>Lists that fit a language model's context.</summary>
internal static class Paging
{
    /// <summary>About 2,000 tokens, text and structured content together.</summary>
    public const int Room = 8_000;

    /// <summary>
    /// One page. A limit that was asked for is kept; the usual one shrinks until the answer fits the room, and the cursor
    /// goes on from there.
    /// </summary>
    public static async Task<CallToolResult> ShowAsync<TItem, TReply>(ToolCall call, int usual, Func<int, Task<Outcome<Page<TItem>>>> list, Func<Page<TItem>, TReply> reply, Func<TReply, string> text)
    {
        var asked = call.Given.Whole("limit");
        for (var limit = asked ?? usual; ; limit /= 2)
        {
            var page = await list(limit);
            var answer = Replies.Tool(page.Then<TReply>(items => reply(items)), text);
            if (asked is not null || limit == 1 || answer.IsError == true || Length(answer) <= Room)
                return answer;
        }
    }

    private static int Length(CallToolResult answer) =>
        ((TextContentBlock)answer.Content[0]).Text.Length + answer.StructuredContent!.Value.GetRawText().Length;
}
