"""What leaves for the CRM and for Slack or Teams, and did it arrive?"""

from helpers.delivery.deliver import deliver, send_waiting
from helpers.delivery.outbox import Outbox
from helpers.delivery.prepare import prepare_deliveries
from helpers.delivery.sending import check_channels

__all__ = ["Outbox", "check_channels", "deliver", "prepare_deliveries", "send_waiting"]
