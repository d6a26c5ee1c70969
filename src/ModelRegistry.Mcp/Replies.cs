using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp;

/// <summary>The one place where an outcome becomes a face's answer.</summary>
internal static partial class Replies
{
    /// <summary>How views are written on every face: snake_case, nulls kept, times in RFC 3339.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        // Named, so that copies of these options have it whichever of them is used first.
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    /// <summary>Exit codes: 0 done, 1 verification failed, 2 usage, 8 parked, then these.</summary>
    public static class Exit
    {
        public const int Done = 0, Unverified = 1, Usage = 2, Parked = 8, Invalid = 64, PolicyUnmet = 65, NotFound = 66, Broken = 70, Conflict = 75, Forbidden = 77;
    }

    /// <summary>What each kind of no is over HTTP and as an exit code.</summary>
    public static (int Http, int Exit) Sign(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => (400, Exit.Invalid),
        RefusalKind.NotFound => (404, Exit.NotFound),
        RefusalKind.Conflict => (409, Exit.Conflict),
        RefusalKind.Outdated => (412, Exit.Conflict),
        RefusalKind.Forbidden => (403, Exit.Forbidden),
        RefusalKind.PolicyUnmet => (422, Exit.PolicyUnmet),
        RefusalKind.Unproven => (409, Exit.Unverified),
        RefusalKind.Unauthenticated => (401, Exit.Forbidden),
        RefusalKind.Limited => (429, Exit.Conflict),
        RefusalKind.TooLarge => (413, Exit.Invalid),
        RefusalKind.WrongMethod => (405, Exit.Invalid),
        RefusalKind.WrongType => (415, Exit.Invalid),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
