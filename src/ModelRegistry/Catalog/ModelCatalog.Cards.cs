using ModelRegistry.Domain;
using ModelRegistry.Storage;

namespace ModelRegistry.Catalog;

/// <summary>Cards and measurements with their histories.</summary>
public sealed partial class ModelCatalog
{
    /// <summary>A card as it is read: a version's, which may be its model's, or the model's own.</summary>
    public Task<Outcome<CardView>> CardAsync(Actor by, CardQuery query, CancellationToken cancel = default) =>
        OfCardAsync<CardView>(by, query, (_, model, version) =>
        {
            var text = version is null ? model.Card : ModelCard.Of(version.Metadata, model.Card);
            var reading = CardReader.Read(text);
            return new(new CardView(model.Name, version?.Label, text.Length == 0 ? "none" : version is { Metadata.Card.Length: > 0 } ? "version" : "model", Digest.Of(text).Hex, text, reading.Card.Fields, reading.Card.Body,
                [.. reading.Problems.Select(p => new CardProblemView(p.Line, p.Field, p.What, p.Remedy))]));
        }, cancel);

    /// <summary>The edits of a card, newest first; the first one is what it says now.</summary>
    public Task<Outcome<Page<CardEditView>>> CardHistoryAsync(Actor by, CardQuery query, CancellationToken cancel = default) =>
        OfCardAsync<Page<CardEditView>>(by, query, async (session, model, version) =>
        {
            if (Cursor.Limit(query.Limit).Refusal is { } no)
                return no;
            var before = query.Cursor is null ? null : Cursor.Read(query.Cursor, 1)?[0];
            if (query.Cursor is not null && before is null)
                return Refusals.CursorInvalid;
            var rows = await session.CardEditsAsync(model.Id, version?.Id, before, query.Limit + 1);
            return new Page<CardEditView>([.. rows.Take(query.Limit).Select(View)], rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Id) : null);
        }, cancel);

    /// <summary>One edit of a card, compared with the one before it or with another one.</summary>
    /// <param name="against">Null: the one before.</param>
    public Task<Outcome<CardEditDetailView>> CardEditAsync(Actor by, CardQuery query, string editId, string? against, CancellationToken cancel = default) =>
        OfCardAsync<CardEditDetailView>(by, query, async (session, model, version) =>
        {
            if (await session.CardTextAsync(model.Id, version?.Id, editId) is not { } text)
                return Refusals.CardEditNotFound(editId);
            var edit = (await session.CardEditsAsync(model.Id, version?.Id, editId + "\u0001", 1))[0];
            against ??= (await session.CardEditsAsync(model.Id, version?.Id, editId, 1)).FirstOrDefault()?.Id;
            var before = "";
            if (against is not null)
            {
                if (await session.CardTextAsync(model.Id, version?.Id, against) is not { } other)
                    return Refusals.CardEditNotFound(against);
                before = other;
            }
            return new CardEditDetailView(model.Name, version?.Label, View(edit), against, text, [.. LineDifference.Of(before, text).Select(l => $"{l.Change}{l.Text}")]);
        }, cancel);

    /// <summary>The measurements of a version, newest first as they were recorded.</summary>
    public Task<Outcome<Page<MeasurementView>>> MeasurementsAsync(Actor by, MeasurementQuery query, CancellationToken cancel = default) =>
        OfModelAsync<Page<MeasurementView>>(by, query.ModelName, async (session, model) =>
        {
            if (Cursor.Limit(query.Limit).Refusal is { } no)
                return no;
            var before = query.Cursor is null ? null : Cursor.Read(query.Cursor, 1)?[0];
            if (query.Cursor is not null && before is null)
                return Refusals.CursorInvalid;
            var version = await session.ResolveVersionAsync(model, query.Version);
            if (version.Refusal is { } unknown)
                return unknown;
            var rows = await session.MeasurementsAsync(version.Value.Id, query.Metric, before, query.Limit + 1);
            return new Page<MeasurementView>([.. rows.Take(query.Limit).Select(View)], rows.Count > query.Limit ? Cursor.Write(rows[query.Limit - 1].Id) : null);
        }, cancel);

    private Task<Outcome<T>> OfCardAsync<T>(Actor by, CardQuery query, Func<RegistrySession, RegisteredModel, ModelVersion?, ValueTask<Outcome<T>>> read, CancellationToken cancel) =>
        OfModelAsync<T>(by, query.ModelName, async (session, model) =>
        {
            if (query.Version is null)
                return await read(session, model, null);
            var version = await session.ResolveVersionAsync(model, query.Version);
            return version.Refusal is { } no ? no : await read(session, model, version.Value);
        }, cancel);

    private static CardEditView View(CardEdit e) => new(e.Id, e.Sha256.Hex, e.Characters, e.By?.Name, e.At);

    private static MeasurementView View(Measurement m) => new(m.Id, m.Metric, m.Value, m.MadeCurrent, m.Evidence.Dataset, m.Evidence.Split, m.At, m.By.Name, m.Evidence.MeasuredAt, m.Evidence.Count, m.Evidence.StandardError, m.Evidence.Low, m.Evidence.High);
}
