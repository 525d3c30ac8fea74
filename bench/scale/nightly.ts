import type postgres from 'postgres'
import { secondsOf } from '../stats.ts'

/**
 * How the same is done without Baton: once a night, one join over everything that all systems hold, side by side for
 * each order and parcel, with what is missing on either side picked out.
 */
const JOIN = `
  with sides as (
    select so.subject_id,
      min(o.first_at) filter (where o.role = 'storefront' and o.type = 'order'
        and o.state in ('confirmed', 'partial', 'complete')) as sold_at,
      bool_or(o.role = 'erp' and o.type = 'order') as in_erp,
      min(o.occurred_at) filter (where o.role = 'wms' and o.type = 'fulfillment' and o.state = 'shipped') as shipped_at,
      bool_or(o.role = 'erp' and o.type = 'fulfillment' and o.state = 'shipped') as booked,
      bool_or(o.role = 'storefront' and o.type = 'order' and o.state = 'complete') as told,
      bool_or(o.role = 'carrier' and o.state in ('in_transit', 'out', 'attempted', 'delivered')) as scanned,
      count(*) filter (where o.role = 'wms' and o.type = 'fulfillment' and o.state <> 'cancelled') as deliveries,
      bool_or(o.role = 'wms' and o.state = 'short') as short
    from subject_objects so
    join objects o on o.timeline = 'live' and o.system = so.system and o.type = so.type and o.external_id = so.external_id
    group by so.subject_id)
  select count(*) filter (where
    (sold_at < now() - interval '30 minutes' and not coalesce(in_erp, false))
    or (shipped_at < now() - interval '30 minutes' and sold_at is not null and not coalesce(booked, false))
    or (shipped_at < now() - interval '2 hours' and sold_at is not null and not coalesce(told, false))
    or (shipped_at < now() - interval '48 hours' and sold_at is null and not coalesce(scanned, false))
    or deliveries > 1 or short)::int as broken
  from sides`

/** How long the nightly job takes, in seconds. */
export const nightlySeconds = (sql: postgres.Sql): Promise<number> => secondsOf(() => sql.unsafe(JOIN))
