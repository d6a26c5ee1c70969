using ModelRegistry.Catalog;
using ModelRegistry.Domain;
using ModelRegistry.Domain.Exports;
using ModelRegistry.Exports;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp.Rest;

/// <summary>One way to answer: how a view is sent, and how that is described.</summary>
/// <param name="Statuses">What it answers with when it is no problem, and what that means.</param>
/// <param name="Media">The type of the body.</param>
internal abstract record RestReply(IReadOnlyList<AnswerShape> Statuses, string Media = "application/json")
{
    /// <summary>The view as it is.</summary>
    public static RestReply View { get; } = new Viewed();

    /// <summary>Something that was made.</summary>
    public static RestReply Created { get; } = new Made(null);

    /// <summary>A list that has no pages, in the shape of those that have.</summary>
    public static RestReply Items { get; } = new Listed();

    /// <summary>Under a tag of its content.</summary>
    public static RestReply Tagged { get; } = new UnderTag();

    /// <summary>Under its revision, which an edit may name.</summary>
    public static RestReply Revised { get; } = new UnderRevision();

    /// <summary>An edit, with the revision that it led to.</summary>
    public static RestReply Edited { get; } = new ToRevision();

    /// <summary>What asking for a move came to.</summary>
    public static RestReply Asked { get; } = new Parked();

    /// <summary>One line or more of text.</summary>
    public static RestReply Text { get; } = new Plain();

    /// <summary>The signed export of a promotion, byte for byte.</summary>
    public static RestReply Export { get; } = new Signed();

    /// <summary>A model that was made, with its address.</summary>
    public static RestReply CreatedModel { get; } = new Made(view => $"/models/{Uri.EscapeDataString(((ModelInfoView)view).Name)}");

    public abstract Task SendAsync<T>(RestCall call, Outcome<T> outcome);

    /// <summary>The type of the body, of a view of this type; null where the body is no view.</summary>
    public virtual Type? BodyOf(Type view) => view;

    private sealed record Viewed() : RestReply([new(200, "Done.")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.JsonAsync(call.Http, outcome);
    }

    private sealed record Made(Func<object, string>? Location) : RestReply([Location is null ? new(201, "It was made.") : new(201, "It was made.", "Location")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome)
        {
            if (outcome.Refusal is null && Location is not null)
                call.Http.Response.Headers.Location = Location(outcome.Value!);
            return Replies.CreatedAsync(call.Http, outcome);
        }
    }

    /// <param name="Items">All of them.</param>
    /// <param name="NextCursor">Always null.</param>
    private sealed record Whole<T>(T Items, string? NextCursor);

    private sealed record Listed() : RestReply([new(200, "All of them.")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.JsonAsync(call.Http, outcome.Then<Whole<T>>(items => new Whole<T>(items, null)));

        public override Type BodyOf(Type view) => typeof(Page<>).MakeGenericType(view.GetGenericArguments());
    }

    private sealed record UnderTag() : RestReply([new(200, "Done.", "ETag"), new(304, "It is what the caller has (If-None-Match).", "ETag")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.TaggedAsync(call.Http, outcome);
    }

    private sealed record UnderRevision() : RestReply([new(200, "Done; its ETag is its revision.", "ETag"), new(304, "It is what the caller has (If-None-Match).", "ETag")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.RevisedAsync(call.Http, outcome, view => ((IRevised)view!).Revision);
    }

    private sealed record ToRevision() : RestReply([new(200, "Done; its ETag is the revision that it led to, which the next edit may name.", "ETag")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.EditedAsync(call.Http, outcome, view => ((IRevised)view!).Revision);
    }

    private sealed record Parked() : RestReply([new(200, "It is done."), new(202, "It waits for a person; Location is where it is followed.", "Location")])
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.AskedAsync(call, outcome.Then<PromotionView>(view => (PromotionView)(object)view!));
    }

    private sealed record Plain() : RestReply([new(200, "Done.")], "text/plain")
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.TextAsync(call.Http, outcome.Then<string>(text => (string)(object)text!));

        public override Type? BodyOf(Type view) => null;
    }

    private sealed record Signed() : RestReply([new(200, "The envelope.", "Content-Disposition")], DsseEnvelope.MediaType)
    {
        public override Task SendAsync<T>(RestCall call, Outcome<T> outcome) => Replies.ExportAsync(call, outcome.Then<HeldExport>(export => (HeldExport)(object)export!));

        public override Type? BodyOf(Type view) => null;
    }
}
